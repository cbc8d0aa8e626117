//! chatctl
fn main() {
    let config = chatctl::config::Config { server: chatctl::config::Server { listen: vec!["127.0.0.1:8080".into()], ..Default::default() }, ..Default::default() };
    std::fs::create_dir_all("/tmp/cd").unwrap();
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        chatctl::server::run(config, "/tmp/cd/chat.db".into(), |a| println!("Listening on {}", a[0]), async { tokio::signal::ctrl_c().await.unwrap() }).await.unwrap();
    });
}
