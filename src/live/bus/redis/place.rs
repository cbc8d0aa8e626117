//! Which instance of Redis carries what, and which server does what has to be done once: the one
//! with the highest weight (rendezvous hashing). All servers must come to the same result, so the
//! hash is written out.

/// Hashes bytes (FNV-1a, 64 bits).
pub(super) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Returns the weight of a candidate for a subject.
fn weight(candidate: u64, subject: u64) -> u64 {
    // The finalizer of SplitMix64: every bit of the input changes about half of the result.
    let mut mixed = (candidate ^ subject.rotate_left(32)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Returns the candidate that has the subject; None without candidates.
pub(super) fn chosen(candidates: impl IntoIterator<Item = u64>, subject: u64) -> Option<u64> {
    candidates.into_iter().max_by_key(|candidate| (weight(*candidate, subject), *candidate))
}

/// Returns a random number. Without randomness of the system, the time makes it different from
/// those of other servers.
pub(super) fn random() -> u64 {
    getrandom::u64().unwrap_or_else(|_| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        u64::try_from(now.unwrap_or_default().as_nanos() & u128::from(u64::MAX)).unwrap_or(1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_the_same_on_every_server_of_every_release() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash(b"redis://127.0.0.1:6379"), 0x975b_0317_104c_1ffe);
        let places: Vec<_> = (0..12).map(|subject| chosen([1, 2, 3], subject).unwrap()).collect();
        assert_eq!(places, [2, 2, 3, 1, 1, 3, 1, 3, 1, 2, 3, 1]);
        assert_eq!(chosen([], 1), None);
    }

    #[test]
    fn subjects_are_spread_and_stay_when_another_candidate_leaves() {
        let servers = [11, 22, 33, 44];
        let mut counts = [0; 4];
        for subject in 0..4_000 {
            let before = chosen(servers, subject).unwrap();
            counts[servers.iter().position(|server| *server == before).unwrap()] += 1;
            let after = chosen(servers.into_iter().filter(|s| *s != 33), subject).unwrap();
            assert!(before == after || before == 33, "{subject} moved from {before} to {after}");
        }
        assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
    }
}
