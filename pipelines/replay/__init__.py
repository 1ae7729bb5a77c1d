"""Runs again from their record: replay, branch, rejudge, revote, parse again."""
