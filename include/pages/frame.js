"use strict";
// Airflow shows the list in a frame that may not leave itself, as its links to a DAG and to Fortnox must. The page
// around it is of the same address and may.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[target=_top]");
  if (link && window.parent !== window) {
    event.preventDefault();
    const leaving = window.parent.document.createElement("a");
    leaving.href = link.href;
    leaving.click();
  }
});
