/** Starts the page: app-root loads everything else. */
import "./elements/app-root.js";
