"""Reports of people, run again: each input of ../shared/data/reports and its outcome."""
