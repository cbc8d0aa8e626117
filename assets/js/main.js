/** Starts the page: app-root brings everything else. */
import "./elements/app-root.js";
