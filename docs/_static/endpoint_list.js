// A field above the list of endpoints that leaves only the rows which contain what is typed.
document.addEventListener('DOMContentLoaded', () => {
  const table = document.querySelector('table.endpoint-list');
  if (!table) return;
  const rows = [...table.tBodies[0].rows].map((row) => [row, row.textContent.toLowerCase()]);
  const field = document.createElement('input');
  field.type = 'search';
  field.placeholder = 'Search, such as: list users';
  field.setAttribute('aria-label', 'Search the list of endpoints');
  field.className = 'endpoint-search';
  const count = document.createElement('output');
  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [row, text] of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    count.textContent = `${shown} of ${rows.length}`;
  };
  field.addEventListener('input', show);
  const place = table.closest('.table-wrapper') || table;
  place.before(field, ' ', count);
  show();
});
