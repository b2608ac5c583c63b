// Let the menu begin at the page that is open: the solutions and the reference stand far below the chapters.
addEventListener("DOMContentLoaded", () => {
  const menu = document.querySelector(".sidebar-scroll"), here = menu?.querySelector(".current-page");
  if (!here) return;
  const distance = here.getBoundingClientRect().top - menu.getBoundingClientRect().top;
  if (distance > menu.clientHeight / 2) menu.scrollTop += distance - menu.clientHeight / 2;
});
