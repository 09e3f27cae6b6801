"""A Fortnox and a Power BI to run against on one machine, with made-up companies or given SIE files.

Run it as ``python -m sandbox``. It stands alone: it imports nothing of the product, so that a test
against it compares two separate readings of the same public documents.
"""
