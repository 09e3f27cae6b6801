"use strict";
// The list follows the companies by itself. Every text of a company is set as text, never as HTML.
const table = document.getElementById("companies");
const filter = document.getElementById("filter");
const nothing = document.getElementById("nothing");
const t = JSON.parse(document.getElementById("texts").textContent);
const { source, airflow, root } = table.dataset;
let companies = [];
let sorting = { column: "", factor: 1 };

const columns = {
  name: (c) => c.name,
  status: (c) => t[c.status],
  data_until: (c) => c.data_until,
  run: (c) => c.run_at,
  next: (c) => c.next_at,
  rows: (c) => c.ledger_rows,
  details: (c) => c.details_left,
  checks: (c) => c.stopping_checks * 1000 + c.warning_checks,
  report: (c) => c.refreshed_at,
  access: (c) => c.credential_kind,
  attention: (c) => c.attention,
};
const numbers = new Intl.NumberFormat(document.documentElement.lang === "sv" ? "sv-SE" : "en-GB");

function cell(row, text, className = "") {
  const made = row.insertCell();
  made.textContent = text;
  made.className = className;
  return made;
}

function link(address, text, className = "") {
  const made = document.createElement("a");
  made.href = address;
  made.textContent = text;
  made.className = className;
  // A company's own page shows where the list does.
  if (!address.startsWith(`${root}/organizations/`)) made.target = "_top";
  return made;
}

function checks(c) {
  if (c.stopping_checks) return [`${c.stopping_checks} ${t.checks_stopping}`, "bad"];
  if (c.warning_checks) return [`${c.warning_checks} ${t.checks_warn}`, "look"];
  return c.ledger_rows ? [t.checks_good, "good"] : ["", ""];
}

function remedy(c) {
  const page = `${root}/organizations/${encodeURIComponent(c.dag_id)}`;
  const dag = `${airflow}/dags/${encodeURIComponent(c.dag_id)}`;
  const look = `${root}/connect/look/${encodeURIComponent(c.dag_id)}`;
  const remedies = { unconfirmed: look, checks_stop: page, no_report: page, run_failed: dag, paused: dag, report_late: page, report_old: page, resource_lost: page };
  return remedies[c.attention] || `${root}/connect`;
}

function show() {
  const wanted = filter.value.trim().toLocaleLowerCase();
  const value = columns[sorting.column];
  const shown = companies.filter((c) => `${c.name} ${c.tenant_id} ${t[c.status]}`.toLocaleLowerCase().includes(wanted));
  if (value) {
    shown.sort((a, b) => sorting.factor * (typeof value(a) === "number" ? value(a) - value(b) : String(value(a)).localeCompare(String(value(b)), "sv")));
  }
  const body = document.createElement("tbody");
  body.setAttribute("aria-live", "polite");
  for (const c of shown) {
    const row = body.insertRow();
    row.dataset.dag = c.dag_id;
    cell(row, "").append(link(`${root}/organizations/${encodeURIComponent(c.dag_id)}`, c.name));
    cell(row, t[c.status], `status ${c.status}`);
    const attention = cell(row, c.attention ? `${t[c.attention]} ` : "", "to-do");
    if (c.attention) attention.append(link(remedy(c), t[`button_${c.attention}`], "button small"));
    cell(row, c.data_until, "when");
    const run = cell(row, "", `when ${c.run_state}`);
    if (c.run_at) run.append(link(`${airflow}/dags/${encodeURIComponent(c.dag_id)}`, `${c.run_at} ${t[c.run_state] || ""}`));
    cell(row, c.next_at, "when");
    cell(row, numbers.format(c.ledger_rows), "number");
    cell(row, c.details_left ? `${numbers.format(c.details_left)} (${c.expected_at})` : "", "number");
    cell(row, ...checks(c));
    const report = cell(row, "", "when");
    if (c.ledger_rows) {
      report.append(link(`${root}/organizations/${encodeURIComponent(c.dag_id)}/report`, t.report_open));
      report.lastChild.target = "_top";
    }
    if (c.refreshed_at) report.append(` Power BI ${c.refreshed_at}`);
    cell(row, [t[c.credential_kind], c.days_left === null ? "" : `${c.days_left} ${t.days}`].filter(Boolean).join(", "));
  }
  table.tBodies[0].replaceWith(body);
  nothing.hidden = companies.length > 0;
}

async function load() {
  try {
    const answer = await fetch(source, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      companies = await answer.json();
      show();
    }
  } catch {
    // the server is away for a moment: the list stays, and the next look tells
  }
  setTimeout(load, document.hidden ? 30000 : 3000);
}

filter.addEventListener("input", show);
for (const button of table.tHead.querySelectorAll("button")) {
  button.addEventListener("click", () => {
    const column = button.dataset.sort;
    sorting = { column, factor: sorting.column === column ? -sorting.factor : 1 };
    for (const other of table.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
    button.parentElement.setAttribute("aria-sort", sorting.factor > 0 ? "ascending" : "descending");
    show();
  });
}
load();
