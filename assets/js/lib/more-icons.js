/** The line icons that only modules need which are fetched later. Those import this too. */
import { addShapes } from "./icons.js";

addShapes({
  computer: [[4, 4.5, 12, 8.5, 1.5], "M2.5 15.75h15"],
  forward: ["M8 4.75 13.25 10 8 15.25"],
  globe: [[10, 10, 6.75], "M3.25 10h13.5M10 3.25c4 4 4 9.5 0 13.5M10 3.25c-4 4-4 9.5 0 13.5"],
  phone: [[6, 3, 8, 14, 1.75], "M9.25 14.5h1.5"],
  signOut: [
    "M8 16.25H5.5A1.5 1.5 0 0 1 4 14.75v-9.5a1.5 1.5 0 0 1 1.5-1.5H8M12.5 6.5 16 10l-3.5 3.5M15.75 10H8",
  ],
  star: ["m10 3.5 2 4.25 4.5.6-3.3 3.2.85 4.6L10 13.9l-4.05 2.25.85-4.6-3.3-3.2 4.5-.6z"],
  tool: ["M4 5.5h12M4 10h12M4 14.5h7"],
});
