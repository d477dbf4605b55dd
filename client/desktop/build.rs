//! Makes a permission for each command of `commands.txt`: what is not permitted in `capabilities/main.json` is denied.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=commands.txt");
    let text = std::fs::read_to_string("commands.txt")?;
    let names: Vec<&'static str> = text.leak().lines().filter(|line| !line.is_empty()).collect();
    let manifest = tauri_build::AppManifest::new().commands(names.leak());
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))?;
    Ok(())
}
