// Every call of the page passes here before it is sealed for Rust. A call of anything but a command's plain name is
// renamed, so that the permission list answers: a throw here would leave the caller waiting for ever.
window.__TAURI_ISOLATION_HOOK__ = (call) => {
  const plain = call && typeof call.cmd === 'string' && /^[a-z_]{1,64}$/.test(call.cmd);
  const events = call && (call.cmd === 'plugin:event|listen' || call.cmd === 'plugin:event|unlisten');
  if (!plain && !events) call.cmd = 'refused';
  return call;
};
