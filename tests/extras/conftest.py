"""Tests of pdpyras_extras. It needs Python 3.9, so older ones collect none of them."""

import sys

if sys.version_info < (3, 9):
    collect_ignore_glob = ['test_*.py']
