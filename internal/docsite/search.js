// Finds pages that have all the words, those with a word in the title first.
(() => {
	const input = document.getElementById("search"), list = document.getElementById("found"), article = document.querySelector("article");
	const root = input.dataset.root;
	input.form.addEventListener("submit", (e) => e.preventDefault());
	const excerpt = (text, word) => {
		const at = text.toLowerCase().indexOf(word);
		return at < 0 ? text.slice(0, 160) : (at > 60 ? "…" : "") + text.slice(Math.max(0, at - 60), at + 120) + "…";
	};
	input.addEventListener("input", () => {
		const words = input.value.toLowerCase().split(/\s+/).filter((w) => w.length > 1);
		list.hidden = words.length === 0;
		article.hidden = words.length > 0;
		list.replaceChildren();
		if (words.length === 0) return;
		const score = (p) => words.reduce((n, w) => n + (p.T.toLowerCase().includes(w) ? 10 : 0) + Math.min(5, p.W.toLowerCase().split(w).length - 1), 0);
		const hits = (window.docs || []).filter((p) => words.every((w) => (p.T + " " + p.W).toLowerCase().includes(w))).sort((a, b) => score(b) - score(a));
		for (const p of hits.slice(0, 30)) {
			const item = document.createElement("li"), link = document.createElement("a"), text = document.createElement("p");
			link.href = root + p.U;
			link.textContent = p.T;
			text.textContent = excerpt(p.W, words[0]);
			item.append(link, text);
			list.append(item);
		}
		if (hits.length === 0) {
			const item = document.createElement("li");
			item.textContent = "Nothing has all of these words.";
			list.append(item);
		}
	});
	document.addEventListener("keydown", (e) => {
		if (e.key === "/" && document.activeElement !== input) { e.preventDefault(); input.focus(); }
	});
})();
