"""``tools/sandbox_shapes.py``, where its document can't be used; else see test_conformance.py."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / 'tools' / 'sandbox_shapes.py'
DANGLING = '{"openapi": "3.0.2", "paths": {"/a": {"get": {"responses": {"200": {"$ref": "#/x"}}}}}}'


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (None, 'No such file'),
        ('{', 'Expecting property name'),
        ('{}', 'not an OpenAPI document'),
        (DANGLING, 'Nothing is at the reference #/x.'),
    ],
    ids=['missing', 'no JSON', 'something else', 'dangling'],
)
def test_a_document_that_cannot_be_used_is_one_clear_line(tmp_path, content, reason):
    document = tmp_path / 'openapiv3.json'
    if content is not None:
        document.write_text(content)
    command = [sys.executable, str(TOOL), str(document)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, '')
    assert line.startswith(str(document))
    assert reason in line
