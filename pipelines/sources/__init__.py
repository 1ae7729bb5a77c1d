"""Sources of rows: files, tables, datasets."""
