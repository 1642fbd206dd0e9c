/// The look of every page, in light and in dark.
enum HTMLStyle {
  /// The style sheet.
  ///
  /// Colours are steps of three tones (`g` good, `b` bad, `n` neither); on the first three of
  /// each, text has the page's own colour, on the last two the opposite one.
  static let sheet: StaticString = """
    :root{color-scheme:light dark;
    --page:#f4f6f8;--card:#fff;--ink:#15202b;--quiet:#536170;--line:#dde3e9;--on:#fff;--link:#1a5da6;
    --g1:#d9e8fa;--g2:#b5d3f5;--g3:#8bbaec;--g4:#2a6fbd;--g5:#174f8c;
    --b1:#fce0cb;--b2:#f9c9a5;--b3:#f3a877;--b4:#b9501a;--b5:#8c3a0e;
    --n1:#eef1f4;--n2:#d9dfe6;--n3:#b3bdc9;--n4:#647285;--n5:#455264}
    @media(prefers-color-scheme:dark){:root{
    --page:#0e1317;--card:#171e25;--ink:#e7edf3;--quiet:#9eacba;--line:#2a343f;--on:#0e1317;--link:#8bbdf5;
    --g1:#1a3452;--g2:#1e436d;--g3:#24588e;--g4:#63a4e8;--g5:#a3cdf8;
    --b1:#4d2e12;--b2:#653b11;--b3:#82450f;--b4:#ea9150;--b5:#f8bd91;
    --n1:#202932;--n2:#2d3844;--n3:#475463;--n4:#95a3b4;--n5:#c5ced8}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
    body{margin:0;background:var(--page);color:var(--ink);
    font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
    header,main{max-width:1200px;margin:0 auto;padding:0 24px}
    header{padding-top:40px}
    h1{font-size:clamp(1.5rem,4.5vw,2.1rem);line-height:1.2;margin:0 0 8px;letter-spacing:-.015em}
    h2{font-size:1.3rem;line-height:1.25;margin:0 0 14px;letter-spacing:-.01em;overflow-wrap:anywhere}
    h3{font-size:1rem;margin:0 0 8px}
    p{margin:0 0 12px;max-width:76ch;overflow-wrap:anywhere}
    a{color:var(--link)}
    code{font:.88em ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
    nav{display:flex;flex-wrap:wrap;gap:6px 8px;margin:18px 0 0}
    nav a{padding:5px 13px;border:1px solid var(--line);border-radius:99px;background:var(--card);
    text-decoration:none;font-size:.9rem;overflow-wrap:anywhere}
    nav a:hover{border-color:var(--link)}
    :focus-visible{outline:2px solid var(--link);outline-offset:2px}
    section{margin:40px 0;scroll-margin-top:16px}
    .quiet,figcaption+*+p{color:var(--quiet)}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:0 0 16px}
    .tile{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 16px;
    display:flex;flex-direction:column-reverse;justify-content:flex-end}
    .tile dt{color:var(--quiet);font-size:.86rem;line-height:1.35}
    .tile dd{margin:0;font-size:1.7rem;line-height:1.2;font-weight:650;letter-spacing:-.02em;
    font-variant-numeric:tabular-nums}
    .tile.bad dd{color:var(--b4)}
    .card,figure{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px 20px;
    margin:0 0 16px;min-width:0}
    .columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr));gap:16px;
    margin:0 0 16px}
    .columns>*{min-width:0;margin:0}
    figcaption{font-weight:600;margin-bottom:8px;overflow-wrap:anywhere}
    .key{display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 12px;padding:0;list-style:none;
    color:var(--quiet);font-size:.86rem}
    .key li{display:flex;align-items:center;gap:7px}
    .swatch{width:12px;height:12px;border-radius:3px;flex:none}
    .swatch.dot{border-radius:50%;background:var(--g4)}.swatch.band{height:6px;background:var(--g3)}
    .swatch.floor{width:3px;height:14px;background:var(--b4)}
    .swatch.claim{transform:rotate(45deg) scale(.8);border:2px solid var(--n4);border-radius:0}
    .swatch.g4{background:var(--g4)}.swatch.b4{background:var(--b4)}.swatch.n3{background:var(--n3)}
    .swatch.n4{background:var(--n4)}.swatch.gap{border:1.5px dashed var(--b4)}
    .plot{padding:0 14px 4px}
    .plot svg{display:block;overflow:visible}
    .plot svg[viewBox]{width:100%;max-width:400px;height:auto;margin:0 auto}
    svg text{font-size:13px;fill:var(--ink)}
    svg .axis{font-size:12px;fill:var(--quiet);font-variant-numeric:tabular-nums}
    svg .end{text-anchor:end}svg .mid{text-anchor:middle}
    svg .name{fill:var(--ink)}svg .number{font-weight:600;font-variant-numeric:tabular-nums}
    svg .count{font-size:12px;text-anchor:middle;font-variant-numeric:tabular-nums;pointer-events:none}
    svg .s4,svg .s5{fill:var(--on)}
    .g1{fill:var(--g1)}.g2{fill:var(--g2)}.g3{fill:var(--g3)}.g4{fill:var(--g4)}.g5{fill:var(--g5)}
    .b1{fill:var(--b1)}.b2{fill:var(--b2)}.b3{fill:var(--b3)}.b4{fill:var(--b4)}.b5{fill:var(--b5)}
    .n1{fill:var(--n1)}.n2{fill:var(--n2)}.n3{fill:var(--n3)}.n4{fill:var(--n4)}.n5{fill:var(--n5)}
    .track{fill:var(--n1)}.grid{stroke:var(--line);stroke-width:1}
    line.band{stroke:var(--g3);stroke-width:8;stroke-linecap:round}
    line.floor{stroke:var(--b4);stroke-width:2.5;stroke-linecap:round}
    path.claim{fill:none;stroke:var(--n4);stroke-width:2}
    circle.dot{fill:var(--g4);stroke:var(--card);stroke-width:2}circle.dot.bad{fill:var(--b4)}
    .curve{fill:none;stroke:var(--g4);stroke-width:2.5;stroke-linejoin:round}
    .diagonal{stroke:var(--n4);stroke-width:1.5;stroke-dasharray:5 4}
    rect.gap{fill:none;stroke:var(--b4);stroke-width:1.2;stroke-dasharray:3 2.5}
    .scroll{overflow-x:auto;max-width:100%;border-radius:6px}
    .scroll svg{display:block}
    table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
    caption{text-align:left;padding:0 10px 8px;font-size:.86rem}
    th,td{padding:7px 10px;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
    thead th{color:var(--quiet);font-weight:600;font-size:.84rem;white-space:nowrap}
    tbody th{font-weight:500}tbody tr:last-child>*{border-bottom:0}
    td.n,th.n{text-align:right;white-space:nowrap}
    details{margin-top:12px}summary{cursor:pointer;color:var(--link);font-size:.92rem;padding:4px 0}
    details[open]>summary{margin-bottom:8px}
    .badge{display:inline-block;padding:1px 9px;border-radius:99px;font-size:.82rem;font-weight:600;
    white-space:nowrap;background:var(--n2);color:var(--ink)}
    .badge.g{background:var(--g2)}.badge.b{background:var(--b2)}
    .change{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--n3);
    border-radius:10px;padding:12px 16px;margin:0 0 10px;overflow-wrap:anywhere}
    .change.g{border-left-color:var(--g4)}.change.b{border-left-color:var(--b4)}
    .change p{margin:6px 0}.change .where{color:var(--quiet);font-size:.86rem;margin-left:8px}
    .change dl{display:grid;grid-template-columns:auto 1fr;gap:2px 12px;margin:0;font-size:.92rem}
    .change dt{color:var(--quiet)}.change dd{margin:0}
    footer{max-width:1200px;margin:0 auto;padding:0 24px 40px;color:var(--quiet);font-size:.86rem}
    @media(max-width:560px){header,main,footer{padding-left:14px;padding-right:14px}header{padding-top:24px}
    .card,figure{padding:14px 14px}.plot{padding:0 8px 4px}section{margin:30px 0}
    .tiles{grid-template-columns:repeat(2,1fr);gap:8px}.tile{padding:11px 12px}.tile dd{font-size:1.4rem}}
    @media print{body{background:#fff}nav{display:none}figure,.card,.change{break-inside:avoid}}
    """
}
