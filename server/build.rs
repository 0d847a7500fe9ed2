//! Tells the compiler where the built files of the browser half are.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=KUBILITICS_SITE");
    let named = env::var_os("KUBILITICS_SITE").map(PathBuf::from);
    let default = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join("target")
        .join("site");
    let folder = named.unwrap_or(default);
    let folder = if folder.is_dir() {
        println!("cargo:rerun-if-changed={}", folder.display());
        folder.canonicalize()?
    } else {
        // Nothing is built yet: embed an empty folder.
        let empty = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("site");
        fs::create_dir_all(&empty)?;
        empty
    };
    // Not called KUBILITICS_...: cargo also sets it for the programs it runs, and those refuse names they do not know.
    println!("cargo:rustc-env=EMBEDDED_SITE={}", folder.display());
    Ok(())
}
