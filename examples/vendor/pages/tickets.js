// The page holds no data: it asks the API with the session of the user.
const answer = await fetch("/api/v1/support/ticket/", { headers: { Accept: "application/json" } });
const list = document.getElementById("tickets");
if (answer.ok) {
  for (const ticket of (await answer.json()).results) {
    const item = document.createElement("li");
    item.textContent = ticket.title + (ticket.done ? " (done)" : "");
    list.append(item);
  }
} else {
  list.textContent = "Log in to the admin first.";
}
