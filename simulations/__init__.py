"""Made-up nations with a known truth, sent through the whole pipeline: does it find what was planted, and no more?"""
