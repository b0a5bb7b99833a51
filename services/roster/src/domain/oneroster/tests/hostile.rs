//! Bytes that nobody exported.

use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use proptest::sample::Index;

use super::fixture::{Files, expected};
use crate::domain::oneroster::read;

proptest! {
    #[test]
    fn a_mutated_zip_is_read_or_refused(changes in vec((any::<Index>(), any::<u8>()), 1..12)) {
        let mut zip = Files::small().zip();
        for (place, byte) in changes {
            let place = place.index(zip.len());
            zip[place] = byte;
        }
        if let Err(problems) = read(&zip, &expected()) {
            assert!(problems.count() > 0);
        }
    }

    #[test]
    fn mutated_files_are_read_or_refused(
        file in any::<Index>(),
        changes in vec((any::<Index>(), vec(any::<u8>(), 0..4)), 1..6),
    ) {
        let mut files = Files::small();
        let file = file.index(files.0.len());
        let bytes = &mut files.0[file].1;
        for (place, put) in changes {
            let place = place.index(bytes.len());
            bytes.splice(place..=place, put);
            if bytes.is_empty() {
                bytes.push(b',');
            }
        }
        if let Err(problems) = read(&files.zip(), &expected()) {
            assert!(problems.count() > 0);
            assert!(problems.sorted().iter().all(|problem| !problem.value.contains('\0')));
        }
    }

    #[test]
    fn any_bytes_are_refused(bytes in vec(any::<u8>(), 0..2000)) {
        assert!(read(&bytes, &expected()).is_err());
    }
}
