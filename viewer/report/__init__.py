"""The report page: its sections, tables and plots."""
