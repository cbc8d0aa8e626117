#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| chatctl_fuzz::link_page(bytes));
