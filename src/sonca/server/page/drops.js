/** Files that are dropped anywhere on the page: they go to the tab that is shown. */

/** Gives `take` the file that is dropped while `view` is shown; `place` shows that it would. */
export function takeDrops(view, place, take) {
  const shown = () => document.body.dataset.view === view;
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      if (!shown() || !event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      place.classList.add("dropping");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) place.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    place.classList.remove("dropping");
    if (!shown() || !event.dataTransfer.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
}
