// The two forms in front of the room: a code out of the address, the password shown on demand, the case kept.

document.documentElement.classList.add("js");

const code = document.querySelector("input[name='code']");
const form = document.querySelector("form");
const hash = decodeURIComponent(location.hash.slice(1));

if (code && hash && !/^[A-Z]{1,4}\d{8}-\d+$/.test(hash)) {
  // the code must not stay in the address, where the browser's history keeps it
  code.value = hash;
  history.replaceState(null, "", location.pathname + location.search);
  document.querySelector("input[name='password']").focus();
} else if (hash) {
  form.action += location.hash;
}

Array.from(document.querySelectorAll("button.show")).forEach((button) => {
  const input = document.getElementById(button.getAttribute("aria-controls"));
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    input.focus();
  });
});
