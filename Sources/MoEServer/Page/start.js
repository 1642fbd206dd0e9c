// The key, and what is looked at every second.
$('key-form').addEventListener('submit', (event) => {
  event.preventDefault();
  key = $('key').value.trim();
  sessionStorage.setItem('moe-pack-key', key);
  shown = null;
  $('key-note').textContent = '';
  look();
});
// A window nobody looks at asks for nothing.
async function look() {
  if (document.hidden) return;
  try {
    const ready = await (await fetch('/readyz')).json();
    $('generation').textContent = ready.generation;
    $('status').textContent = ready.status;
    $('status').className = ready.status === 'ok' ? 'good' : 'bad';
    if (shown === 'refused') return;
    if (shown !== ready.generation) {
      try {
        await showPacks();
        await showGenerations();
        shown = ready.generation;
        $('key-part').hidden = true;
      } catch (error) {
        if (error.status !== 401) throw error;
        shown = 'refused';
        $('key-part').hidden = false;
        $('key-note').textContent = key ? 'this key is not one of the server’s' : 'the server needs a key';
        $('packs').textContent = 'The server needs a key.';
        return;
      }
    }
    const stats = await call('/v1/stats');
    $('rate').textContent = stats.requestsPerSecond.toFixed(1);
    $('median').textContent = milliseconds(stats.medianSeconds);
    $('p99').textContent = milliseconds(stats.p99Seconds);
  } catch (error) {
    $('status').textContent = 'not reached';
    $('status').className = 'bad';
  }
}
document.addEventListener('visibilitychange', look);
look();
setInterval(look, 1000);
