"""Process analysis (流程分析): event logs in columns, ours and other people's. Knows the ledger only."""
