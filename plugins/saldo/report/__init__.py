"""The report of one company as one HTML file: read from the marts, drawn, and laid out."""
