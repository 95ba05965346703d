// A short message at the foot of the page.
const toast = document.querySelector("[data-toast]");
let timer;

export function showToast(text, duration = 5000) {
  toast.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => { toast.textContent = ""; }, duration);
}

// What a response that is an error says.
export async function problem(response) {
  try {
    return (await response.json()).detail;
  } catch {
    return "That did not work. Try again in a few seconds.";
  }
}
