"""Electronic supervision (电子监察): findings, cards, orders, the sweeper's notes and the watch screen."""
