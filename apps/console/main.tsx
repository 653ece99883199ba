import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";

const place = document.getElementById("console");
if (place === null) throw new Error("index.html has lost its #console element");
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
