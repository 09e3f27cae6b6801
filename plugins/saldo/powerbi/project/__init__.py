"""The Power BI project as code: include/powerbi is written from its sources, and rendered to be published."""
