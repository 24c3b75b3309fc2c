// A link may come without "#cited"; the page still opens at the highlighted words.
if (!location.hash) document.getElementById("cited")?.scrollIntoView({ block: "center" });
