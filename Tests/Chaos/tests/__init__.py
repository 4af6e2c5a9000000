"""Tests of the harness: python3 -m unittest discover -s Tests/Chaos/tests -t Tests/Chaos"""
