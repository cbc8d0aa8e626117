//! The web UI in Chromium: what it does when something fails, and that nothing is lost or
//! destroyed by one careless click.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod administration;
mod attention;
mod devices;
mod emoji;
mod integrations;
mod invitations;
mod ldap;
mod links;
mod menus;
mod own;
mod people;
mod pictures;
mod presence;
mod push;
mod reading;
mod reset;
mod retention;
mod rooms;
mod searching;
mod second_factor;
mod sending;
mod settings;
mod slash_commands;
mod sso;
mod starting;
mod threads;
mod titles;
mod writing;

use serde_json::{Value, json};

use crate::support::Browser;

/// The text field of the composer.
const WRITES: &str = "message-composer textarea";

impl Browser {
    /// Changes the part of the address after `#`.
    async fn go(&self, hash: &str) {
        self.run(&format!("location.hash = {}", json!(hash))).await;
    }

    /// Runs a script; returns what it returns.
    async fn run(&self, script: &str) -> Value {
        self.page.execute(script, Vec::new()).await.unwrap()
    }

    /// Waits until an element exists whose text contains this.
    async fn reads(&self, selector: &str, text: &str) {
        let script = format!(
            "return [...document.querySelectorAll({})].some((e) => e.checkVisibility() && \
             e.textContent.includes({}))",
            json!(selector),
            json!(text)
        );
        self.wait(&format!("{text:?} in {selector}"), &script).await;
    }

    /// Waits until no element matches.
    async fn lacks(&self, selector: &str) {
        let script = format!("return document.querySelector({}) === null", json!(selector));
        self.wait(&format!("no {selector}"), &script).await;
    }

    /// Waits until no element that matches is visible.
    async fn hides(&self, selector: &str) {
        let script = format!(
            "return ![...document.querySelectorAll({})].some((e) => e.checkVisibility())",
            json!(selector)
        );
        self.wait(&format!("{selector} to be gone"), &script).await;
    }
}
