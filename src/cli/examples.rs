//! Examples at the end of the help of each verb. The examples of nouns are next to their options.

/// Verbs and their example arguments, without the leading `chatctl`.
const EXAMPLES: &[(&str, &[&str])] = &[
    ("user list", &["user list", "user list -o json"]),
    ("user show", &["user show ann", "user show ann -o json"]),
    (
        "user create",
        &["user create ann --admin", "user create bob --display-name Bob --generate -o json"],
    ),
    (
        "user passwd",
        &[
            "user passwd ann",
            "user passwd ann --password-file secret.txt",
            "user passwd --all-without --generate --to passwords.csv",
        ],
    ),
    ("user reset-link", &["user reset-link ann", "user reset-link bob --expires 2h -o json"]),
    (
        "user reset-second-factor",
        &["user reset-second-factor ann", "user reset-second-factor bob -o json"],
    ),
    ("user rename", &["user rename ann Annie", "user rename bob Robert -o json"]),
    ("user email", &["user email ann ann@example.org", "user email ann --remove"]),
    (
        "user link",
        &[
            "user link ann --oidc 248289761001",
            "user link bob --ldap 30dc8a82-8123-1041-9ace-5bd12d398759 -o json",
        ],
    ),
    ("user unlink", &["user unlink ann", "user unlink ann --ldap -o json"]),
    ("user disable", &["user disable bob", "user disable ann --yes"]),
    ("user enable", &["user enable bob", "user enable bob -o json"]),
    ("user delete", &["user delete bob --dry-run", "user delete bob --yes --if-exists"]),
    ("user erase", &["user erase bob --dry-run", "user erase bob --yes --if-exists"]),
    ("user export", &["user export bob bob.zip", "user export bob - | age -r KEY > bob.zip.age"]),
    ("user promote", &["user promote bob", "user promote bob -o json"]),
    ("user demote", &["user demote bob", "user demote ann --yes"]),
    ("user mark", &["user mark ci --bot", "user mark carla --guest"]),
    ("user sessions", &["user sessions ann", "user sessions ann -o jsonl"]),
    ("user logout", &["user logout ann", "user logout ann --session 12"]),
    (
        "bot create",
        &["bot create deploy --guest --room general", "bot create ci --name Builds -o json"],
    ),
    ("bot list", &["bot list", "bot list -o jsonl"]),
    ("bot delete", &["bot delete deploy --dry-run", "bot delete deploy --yes --if-exists"]),
    (
        "token create",
        &[
            "token create deploy --name ci --scope write --expires 90d",
            "token create ann --name dashboard -o json | jq -r .token",
        ],
    ),
    ("token list", &["token list", "token list deploy -o json"]),
    ("token revoke", &["token revoke deploy ci", "token revoke deploy ci --if-exists"]),
    (
        "webhook create",
        &[
            "webhook create general --name Grafana",
            "webhook create general --name CI -o json | jq -r .url",
        ],
    ),
    ("webhook list", &["webhook list", "webhook list general -o json"]),
    (
        "webhook delete",
        &["webhook delete general Grafana", "webhook delete general CI --yes --if-exists"],
    ),
    (
        "invite create",
        &[
            "invite create --room general --uses 10 --expires 30d",
            "invite create --guest --room general",
            "invite create --uses unlimited -o json | jq -r .url",
            "invite create --room general --mail ann@example.org --mail bob@example.org",
        ],
    ),
    ("invite list", &["invite list", "invite list -o json"]),
    ("invite revoke", &["invite revoke 3", "invite revoke 3 --if-exists"]),
    (
        "outgoing-webhook create",
        &[
            "outgoing-webhook create https://ci.example.org/chat --room general --name CI",
            "outgoing-webhook create https://ci.example.org/chat --all-public-rooms --name all",
            "outgoing-webhook create https://ci.example.org/chat --room general --name CI --event \
             posted -o json | jq -r .secret",
        ],
    ),
    ("outgoing-webhook list", &["outgoing-webhook list", "outgoing-webhook list -o json"]),
    ("outgoing-webhook show", &["outgoing-webhook show CI", "outgoing-webhook show CI -o json"]),
    ("outgoing-webhook test", &["outgoing-webhook test CI", "outgoing-webhook test CI -o json"]),
    (
        "outgoing-webhook enable",
        &["outgoing-webhook enable CI", "outgoing-webhook enable CI --from-now"],
    ),
    (
        "outgoing-webhook disable",
        &["outgoing-webhook disable CI", "outgoing-webhook disable CI -o json"],
    ),
    (
        "outgoing-webhook delete",
        &["outgoing-webhook delete CI", "outgoing-webhook delete CI --yes --if-exists"],
    ),
    (
        "slash-command create",
        &[
            "slash-command create deploy https://ops.example.org/deploy --description Deploy \
             --hint [service]",
            "slash-command create deploy https://ops.example.org/deploy --room ops -o json | jq -r \
             .secret",
        ],
    ),
    ("slash-command list", &["slash-command list", "slash-command list -o json"]),
    (
        "slash-command delete",
        &["slash-command delete deploy", "slash-command delete deploy --yes --if-exists"],
    ),
    ("server show", &["server show", "server show -o json | jq -r .name"]),
    (
        "server set",
        &[
            "server set --name Harbour --icon logo.png",
            "server set --motd Welcome -o json | jq -r .motd",
        ],
    ),
    ("server reset", &["server reset motd", "server reset"]),
    ("emoji list", &["emoji list", "emoji list -o json"]),
    (
        "emoji add",
        &[
            "emoji add party_parrot parrot.gif",
            "emoji add logo logo.png --owner ann --if-not-exists",
        ],
    ),
    ("ldap test", &["ldap test", "ldap test ann --password-file /run/secrets/ann"]),
    ("ldap sync", &["ldap sync", "ldap sync -o json"]),
    ("mail test", &["mail test ann@example.org", "mail test ann@example.org --language ko"]),
    ("emoji delete", &["emoji delete party_parrot", "emoji delete logo --yes --if-exists"]),
    ("room list", &["room list", "room list -o jsonl"]),
    ("room show", &["room show general", "room show room007"]),
    (
        "room create",
        &[
            "room create general --owner ann --public",
            "room create plans --owner ann --member bob --if-not-exists",
        ],
    ),
    ("room rename", &["room rename general lobby", "room rename room007 lobby"]),
    ("room topic", &["room topic general release-week", "room topic general ''"]),
    (
        "room description",
        &["room description general announcements", "room description general ''"],
    ),
    ("room visibility", &["room visibility general private", "room visibility room007 public"]),
    ("room archive", &["room archive general", "room archive room007 -o json"]),
    ("room unarchive", &["room unarchive general", "room unarchive room007 -o json"]),
    ("room read-only", &["room read-only news", "room read-only news --off"]),
    ("room delete", &["room delete general --dry-run", "room delete room007 --yes"]),
    ("room members", &["room members general", "room members room007 -o json"]),
    ("room add", &["room add general bob", "room add general bob --role sub-admin"]),
    ("room remove", &["room remove general bob", "room remove general bob --yes --if-exists"]),
    ("room role", &["room role general bob admin", "room role general bob member"]),
    ("room messages", &["room messages general --limit 20", "room messages general -o json"]),
    (
        "room export",
        &["room export general general.jsonl", "room export general | gzip > general.jsonl.gz"],
    ),
    (
        "room retention",
        &["room retention general 90", "room retention archive forever --keep-pinned"],
    ),
    ("retention run", &["retention run --dry-run", "retention run --yes"]),
    (
        "room purge",
        &[
            "room purge general --older-than 365d --dry-run",
            "room purge general --older-than 365d --yes",
        ],
    ),
    ("cluster init", &["cluster init", "cluster init --replicas 3"]),
    ("cluster status", &["cluster status", "cluster status -o json"]),
    ("cluster check", &["cluster check", "cluster check -o jsonl"]),
    ("cluster new-epoch", &["cluster new-epoch", "cluster new-epoch -o json"]),
    ("db status", &["db status", "db status -o json"]),
    ("db check", &["db check", "db check -o json | jq -r .[].problem"]),
    ("db migrate", &["db migrate --plan", "db migrate"]),
    ("db vacuum", &["db vacuum", "db vacuum -o json"]),
    ("db reindex", &["db reindex", "db reindex -o json"]),
    ("db stats", &["db stats", "db stats -o json"]),
    (
        "backup create",
        &[
            "backup create /mnt/backups",
            "backup create - | ssh backup@example.org 'cat > chat.tar.zst'",
            "backup create --to s3://my-backups/chat/",
            "backup create /mnt/backups --recipient PUBLIC_KEY",
        ],
    ),
    (
        "backup list",
        &["backup list", "backup list /mnt/backups -o json", "backup list s3://my-backups/chat/"],
    ),
    (
        "backup verify",
        &[
            "backup verify chatctl-20261121T081102Z.tar.zst",
            "backup verify FILE -o json | jq -r .problems[]",
        ],
    ),
    (
        "backup restore",
        &[
            "backup restore chatctl-20261121T081102Z.tar.zst --data-dir /var/lib/chatctl",
            "backup restore FILE --replace --dry-run",
            "backup restore FILE.age --identity key.txt",
            "backup restore s3://my-backups/chat/FILE.age --identity key.txt",
        ],
    ),
    (
        "backup prune",
        &[
            "backup prune --keep 14 --dry-run",
            "backup prune /mnt/backups --keep-daily 7 --keep-weekly 5 --yes",
        ],
    ),
    ("config show", &["config show", "config show --effective -o json"]),
    ("config check", &["config check", "config check --config /etc/chatctl/config.toml"]),
    ("config init", &["config init", "config init /etc/chatctl/config.toml"]),
    ("log tail", &["log tail --level warn", "log tail -n 100 --user ann --for 10m"]),
    ("log rotate", &["log rotate", "log rotate --verbose"]),
    ("log level", &["log level", "log level debug --for 10m"]),
    ("audit list", &["audit list", "audit list --user bob --action user --since 30d -o json"]),
    (
        "audit export",
        &[
            "audit export --format csv audit.csv",
            "audit export --since 2026-01-01 | gzip > audit.jsonl.gz",
        ],
    ),
    ("log alert-test", &["log alert-test", "log alert-test -o json"]),
    ("support bundle", &["support bundle", "support bundle /tmp/for-support.tar.gz"]),
];

/// Adds the examples to the command tree.
pub(super) fn add(mut tree: clap::Command) -> clap::Command {
    for (path, lines) in EXAMPLES {
        let Some((noun, verb)) = path.split_once(' ') else { continue };
        let known =
            tree.find_subcommand(noun).is_some_and(|noun| noun.find_subcommand(verb).is_some());
        if known {
            let text = format!(
                "Examples:\n{}",
                lines.iter().map(|line| format!("  chatctl {line}")).collect::<Vec<_>>().join("\n")
            );
            tree = tree.mut_subcommand(noun, |noun| {
                noun.mut_subcommand(verb, |verb| verb.after_help(text))
            });
        }
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_example_is_of_a_verb_that_exists_and_can_be_parsed() {
        use clap::CommandFactory;
        let tree = add(crate::cli::Cli::command());
        for (path, lines) in EXAMPLES {
            let (noun, verb) = path.split_once(' ').unwrap();
            assert!(
                tree.find_subcommand(noun).and_then(|noun| noun.find_subcommand(verb)).is_some(),
                "{path}"
            );
            for line in *lines {
                // Up to the first shell operator.
                let arguments = line
                    .split_whitespace()
                    .take_while(|word| !matches!(*word, "|" | "&&" | ">" | ";"));
                tree.clone()
                    .try_get_matches_from(std::iter::once("chatctl").chain(arguments))
                    .unwrap_or_else(|error| panic!("{line}: {error}"));
            }
        }
    }
}
