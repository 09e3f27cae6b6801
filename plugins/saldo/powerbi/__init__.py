"""Speaks to Power BI."""
