"""Speaks to Fortnox: the hook, credentials, pacing, the resource catalogue and SIE files."""
