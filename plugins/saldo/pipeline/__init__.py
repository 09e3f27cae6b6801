"""The one room that joins Fortnox, the warehouse and Power BI: operators, triggers and the DAG builder."""
