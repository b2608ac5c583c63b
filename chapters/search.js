// How the search of the book orders what it finds: exact names first, then chapters, then the rest of the reference.
Scorer = {
  score: ([page, , , , score]) => score + (/^(\d\d_|primer)/.test(page) ? 10 : page.startsWith("solutions/") ? -5 : 0),
  objNameMatch: 40,
  objPartialMatch: 6,
  objPrio: { 0: 5, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
// The lines around a hit are read from its page, which a browser refuses where the book is a folder on a disk.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
