"""Edits that break or keep a rule, where several rules or many lines need them. Test cases are derived from these."""
