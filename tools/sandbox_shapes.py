"""pdpyras_sandbox/shapes.json: the sandbox's table of operations.

The table has the methods and paths of PagerDuty's OpenAPI document, their parameters, and the
shapes of requests and responses. It leaves out descriptions, examples and everything else that a
server does not act on.
"""

import json
import re

#: The keywords of a schema that the sandbox uses.
KEPT = (
    'type', 'nullable', 'enum', 'format', 'minLength', 'maxLength', 'minimum', 'maximum',
    'minItems', 'maxItems', 'required',
)  # fmt: skip
#: Formats of strings that the sandbox generates or checks.
FORMATS = ('date-time', 'email', 'uuid', 'time', 'partial-time', 'uri', 'url', 'tzinfo')
JSON_TYPES = {
    dict: 'object',
    list: 'array',
    str: 'string',
    bool: 'boolean',
    int: 'integer',
    float: 'number',
}
#: Descriptions say in these words that a property may be null when its type does not.
NULL_IN_WORDS = re.compile(r'\b(If|or|is) `null`')
#: Properties that are null until they are set, although the document does not say so:
#: https://developer.pagerduty.com/docs/types ("any field in the PagerDuty API can contain null").
NULL_IF_UNSET = (
    'description', 'job_title', 'last_incident_timestamp', 'resolve_reason',
    'support_hours',
)  # fmt: skip
#: The same, but only where they are records: in rules, they are IDs.
NULL_IF_NO_RECORD = ('priority', 'schedule')
#: Operations that return one record, although the document describes a list.
ONE_RECORD = {'GET /vendors/{id}'}
#: The length from which a shape that occurs more than once is stated once and referred to.
SHARED_LENGTH = 60


class Reducer:
    """Reduces schemas to shapes: `allOf` is merged, unused keywords are left out."""

    def __init__(self, document):
        self.document = document

    def shape(self, schema, within=()):
        """Return the shape of a schema. A reference to an enclosing schema becomes "anything"."""
        reference = schema.get('$ref')
        if isinstance(reference, str):
            if reference in within:
                return {}
            within += (reference,)
            schema = self.document.resolve(schema)
            return self.shape(schema, within)
        shape = {key: schema[key] for key in KEPT if schema.get(key) not in (None, False, [])}
        if shape.get('format') not in FORMATS:
            shape.pop('format', None)
        for name, value in schema.get('properties', {}).items():
            is_required = name in schema.get('required', ())
            child = self.property(name, value, within, is_required)
            shape.setdefault('properties', {})[name] = child
        if 'properties' in shape:
            shape.setdefault('type', 'object')
        if 'items' in schema:
            shape['type'] = 'array'
            shape['items'] = self.shape(schema['items'], within)
        extra = schema.get('additionalProperties')
        if extra is False:
            shape['closed'] = True
        elif isinstance(extra, dict) and extra:
            shape['values'] = self.shape(extra, within)
        for key in ('oneOf', 'anyOf'):
            if key in schema:
                shape['any'] = [self.shape(choice, within) for choice in schema[key]]
        for part in schema.get('allOf', []):
            shape = merged(shape, self.shape(part, within))
        if not takes_null(shape):
            shape.pop('nullable', None)
        return shape

    def property(self, name, schema, within, is_required):
        shape = self.shape(schema, within)
        declared = self.document.resolve(schema)
        if name == 'default_value' and 'oneOf' in declared:
            # Described as {"value": …}, while the examples have the value itself.
            shape = {}
        for mark in ('readOnly', 'writeOnly'):
            if declared.get(mark):
                shape = {**shape, mark: True}
        said = 'type' in declared and NULL_IN_WORDS.search(declared.get('description', ''))
        is_unset = name in NULL_IF_UNSET or (name in NULL_IF_NO_RECORD and 'type' not in declared)
        if said or (is_unset and not is_required):
            # The API returns null, whether the document says so in words or not at all.
            shape = {**shape, 'nullable': True}
        return shape


def takes_null(shape):
    """Return whether null is valid: ``nullable`` does not add it to an enum or to choices."""
    if 'enum' in shape:
        return None in shape['enum']
    if 'any' in shape:
        return any(choice.get('nullable') for choice in shape['any'])
    return shape.get('nullable', False)


def merged(one, other):
    """Return the shape that `allOf` both means. Where they disagree, the first one wins."""
    both = {**other, **one}
    if 'required' in one or 'required' in other:
        both['required'] = sorted({*one.get('required', []), *other.get('required', [])})
    if 'properties' in one and 'properties' in other:
        both['properties'] = {**other['properties'], **one['properties']}
        for name in one['properties'].keys() & other['properties'].keys():
            pair = one['properties'][name], other['properties'][name]
            both['properties'][name] = merged(*pair)
    if 'items' in one and 'items' in other:
        both['items'] = merged(one['items'], other['items'])
    if not (lets_null_pass(one) and lets_null_pass(other)):
        both.pop('nullable', None)
    if 'enum' in one and 'enum' in other:
        both['enum'] = [value for value in one['enum'] if value in other['enum']] or one['enum']
    return both


def lets_null_pass(shape):
    return shape.get('nullable') or not {'type', 'enum', 'any'} & shape.keys()


def reduce_operation(document, reducer, parameters, operation):
    facts = {}
    parameters = [document.resolve(parameter) for parameter in parameters]
    query = {
        parameter['name']: {
            **reducer.shape(parameter.get('schema', {})),
            **({'needed': True} if parameter.get('required') else {}),
        }
        for parameter in parameters
        if parameter['in'] == 'query'
    }
    if query:
        facts['query'] = query
    if any(p['name'].lower() == 'from' and p.get('required') for p in parameters):
        facts['from'] = True
    body = json_body(document, operation.get('requestBody', {}))
    if body is not None:
        shape = reducer.shape(body['schema'])
        for example in document.examples(body):
            shape = reconciled(shape, example)
        facts['request'] = shape
    facts['status'], response = success(document, operation)
    if response is not None:
        facts['response'] = reducer.shape(response)
    return facts


def reconciled(shape, example):
    """Return the shape without the rules that an example breaks: the API accepts its examples."""
    if isinstance(example, dict) and 'properties' in shape:
        required = [name for name in shape.get('required', ()) if example.get(name) is not None]
        properties = {
            name: reconciled(child, example[name]) if name in example else child
            for name, child in shape['properties'].items()
        }
        shape = {**shape, 'properties': properties, 'required': required}
        return {name: value for name, value in shape.items() if name != 'required' or value}
    if isinstance(example, list) and shape.get('type') == 'array':
        for item in example:
            shape = {**shape, 'items': reconciled(shape.get('items', {}), item)}
        return shape
    if example is None:
        return shape
    if not any(fits_type(choice, example) for choice in shape.get('any', [shape])):
        return {}
    if 'any' in shape and isinstance(example, dict):
        widened = [reconciled(choice, example) for choice in shape['any']]
        if any(before == after for before, after in zip(shape['any'], widened)):
            return shape
        names = example.keys()
        choices = [
            after if names >= set(before.get('required', ())) else before
            for before, after in zip(shape['any'], widened)
        ]
        return {**shape, 'any': choices}
    if 'enum' in shape and example not in shape['enum']:
        return {**shape, 'enum': [*shape['enum'], example]}
    return shape


def fits_type(shape, example):
    kind = JSON_TYPES[type(example)]
    wanted = shape.get('type', kind)
    return wanted == kind or (wanted, kind) == ('number', 'integer')


def success(document, operation):
    """Return the status of the first documented success, and the schema of its body or None."""
    for status, response in operation['responses'].items():
        if status.startswith('2'):
            body = json_body(document, response)
            return int(status), body and body['schema']
    return 204, None


def json_body(document, message):
    """Return the schema and the examples of the JSON body of a message, or None."""
    content = document.resolve(message).get('content', {})
    for media_type, body in content.items():
        if 'json' in media_type and 'schema' in body:
            return body
    return None


def share(operations):
    """State every long shape that occurs more than once in one place, referred to by number."""
    texts, counts = {}, {}

    def count(node):
        if isinstance(node, dict):
            text = json.dumps(node, sort_keys=True)
            counts[text] = counts.get(text, 0) + 1
            if counts[text] > 1:
                return
        for child in children(node):
            count(child)

    def replace(node):
        if isinstance(node, list):
            return [replace(child) for child in node]
        if not isinstance(node, dict):
            return node
        text = json.dumps(node, sort_keys=True)
        if text in texts:
            return {'ref': texts[text]}
        shared = is_shape(node) and counts[text] > 1 and len(text) >= SHARED_LENGTH
        node = {key: replace(child) for key, child in node.items()}
        if not shared:
            return node
        texts[text] = len(shapes)
        shapes.append(node)
        return {'ref': texts[text]}

    shapes = []
    count(operations)
    return {'operations': replace(operations), 'shapes': shapes}


def children(node):
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def is_shape(node):
    return 'any' in node or isinstance(node.get('type'), str)


def table(document):
    reducer = Reducer(document)
    operations = {}
    for method, path, item in document.declarations():
        operation = item[method.lower()]
        parameters = item.get('parameters', []) + operation.get('parameters', [])
        facts = reduce_operation(document, reducer, parameters, operation)
        operations['{} {}'.format(method, path)] = facts
    for name in ONE_RECORD & operations.keys():
        properties = operations[name]['response']['properties']
        for wrapper, shape in properties.items():
            properties[wrapper] = shape['items']
    return share(operations)


def render_shapes(document):
    """Return the table as JSON, an operation or shape a line, so that differences are readable."""
    content = table(document)
    compact = {'separators': (',', ':'), 'sort_keys': True}
    lines = (
        '{}:{}'.format(json.dumps(name), json.dumps(facts, **compact))
        for name, facts in content['operations'].items()
    )
    shapes = (json.dumps(shape, **compact) for shape in content['shapes'])
    return '{{"operations":{{\n{}\n}},\n"shapes":[\n{}\n]}}\n'.format(
        ',\n'.join(lines), ',\n'.join(shapes)
    )
