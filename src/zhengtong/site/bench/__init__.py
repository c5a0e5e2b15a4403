"""`zhengtong bench`: what this machine does, as ratios taken in one run on both databases.

Absolute figures belong to the machine and its neighbours, whose load is kept beside each.
"""
