// How the search of the book orders what it finds: exact names first, then chapters, and the fast floor last.
Scorer = {
  score([page, title, , , score]) {
    const words = (new URLSearchParams(location.search).get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
    const named = words.every((word) => title.toLowerCase().includes(word)) ? 12 : 0;
    if (/^(\d\d_|primer)/.test(page)) return score + 10 + named;
    return score - (page.startsWith("solutions/") ? 5 : page.startsWith("api/minigan.fast") ? 8 : 0);
  },
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
