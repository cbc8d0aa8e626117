//! Log-in from a page: some clients handle status 205 in their own way.

use fantoccini::Locator;
use serde_json::json;

use crate::support::{Browser, Driver, Rooms, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_logs_in_by_fetch_and_talks() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let room = ann.room("Lounge").await;
    let driver = Driver::start();
    let browser = Browser::open(&driver, "fetch", server.address(), "800,600").await;
    browser.page.find(Locator::Css("body")).await.expect("a page");
    // Whatever a browser does with the body, it handles the cookie itself, and the connection
    // serves the next request.
    let script = "const [name, password, room, done] = arguments;
        (async () => {
            const login = await fetch('/login', {method: 'POST', body: JSON.stringify({user_id: \
                  name, password})});
            await login.text();
            const me = await fetch('/users/me');
            const socket = new WebSocket(`/rooms/${room}`);
            const frames = [];
            socket.onmessage = ({data}) => {
                frames.push(JSON.parse(data).action);
                socket.send(JSON.stringify(frames.length === 1 ? {action: 'message', message: \
                  'hi'} : {action: 'leave'}));
            };
            socket.onclose = async ({code, wasClean}) => {
                const out = await fetch('/logout', {method: 'DELETE'});
                done([login.status, me.status, (await me.json()).user_id, frames, code, wasClean, \
                  out.status, (await fetch('/users/me')).status]);
            };
        })();";
    let told = browser
        .page
        .execute_async(script, vec![json!("ann"), json!(ann.password), json!(room)])
        .await
        .expect("an answer");
    assert_eq!(told, json!([205, 200, "ann", ["enter", "message"], 1000, true, 204, 403]));
    browser.close().await;
}
