namespace Orchestrator.Worker.Curation.Report;

/// <summary>The page's style. The fills and strokes by value are the placeholder colours of <see cref="ScoreChart"/>.</summary>
internal static class ReportStyle
{
    public const string Css =
        """
        :root{color-scheme:light dark;--bg:#f6f5f3;--card:#fff;--ink:#1c1917;--mute:#5c5550;--line:#e2dfdb;--soft:#efedea;--kept:#15803d;--rejected:#b45309;--duplicate:#1d4ed8;--quarantined:#be123c;--other:#94a3b8;--curve:#0f766e;--cut:#9f1239}
        @media(prefers-color-scheme:dark){:root{--bg:#12100e;--card:#1d1a18;--ink:#f3f1ee;--mute:#aaa29a;--line:#35302c;--soft:#282420;--kept:#4ade80;--rejected:#fbbf24;--duplicate:#7aa5ff;--quarantined:#fb7185;--other:#64748b;--curve:#5eead4;--cut:#fda4af}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
        header,main{max-width:72rem;margin:0 auto;padding:0 1rem}
        header{padding-top:2rem}
        .kind{margin:0;color:var(--mute);text-transform:uppercase;letter-spacing:.08em;font-size:.8rem}
        h1{margin:0 0 .25rem;font-size:clamp(1.6rem,5vw,2.4rem);line-height:1.15;overflow-wrap:anywhere}
        h2{margin:0 0 .5rem;font-size:1.35rem}
        h3{margin:1.5rem 0 .25rem;font-size:1.05rem;overflow-wrap:anywhere}
        h4{margin:1rem 0 .5rem;font-size:.95rem;color:var(--mute);font-weight:600}
        p{margin:.25rem 0 .75rem}
        .mute,small{color:var(--mute)}
        section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.25rem;margin:1rem 0}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;margin:1rem 0}
        .tile{background:var(--card);border:1px solid var(--line);border-left:.3rem solid;border-radius:.5rem;padding:.6rem .9rem;display:grid}
        .tile span,.tile small{color:var(--mute);font-size:.85rem}
        .tile strong{font-size:1.6rem;line-height:1.2;color:var(--ink);font-variant-numeric:tabular-nums}
        .tile.kept{border-left-color:var(--kept)}.tile.rejected{border-left-color:var(--rejected)}.tile.duplicate{border-left-color:var(--duplicate)}.tile.quarantined{border-left-color:var(--quarantined)}
        .bar{display:block;width:100%;height:.9rem;border-radius:.45rem;background:var(--soft)}
        rect.kept{fill:var(--kept)}rect.rejected{fill:var(--rejected)}rect.duplicate{fill:var(--duplicate)}rect.quarantined{fill:var(--quarantined)}rect.rest{fill:var(--soft)}
        nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:1rem 0}
        a{color:inherit;text-underline-offset:.2em}
        .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:0 2rem}
        .pair>*{min-width:0}
        .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}.scroll{overflow-x:auto;position:relative}
        table{border-collapse:collapse;width:100%;font-size:.92rem}
        th,td{padding:.35rem .75rem .35rem 0;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
        th{font-weight:600;color:var(--mute);font-size:.85rem}
        .scroll td:not(.n){min-width:6.5rem}
        .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        .meter{display:inline-block;width:6rem;height:.5rem;border-radius:.25rem;vertical-align:middle}
        .matrix{width:auto}.matrix td,.matrix th{padding:.4rem .75rem;border:1px solid var(--line);text-align:right;font-variant-numeric:tabular-nums}
        .matrix small{display:block;color:var(--ink)}.self{color:var(--mute)}
        .s1,.s2{background:color-mix(in srgb,var(--duplicate) 8%,transparent)}.s3,.s4{background:color-mix(in srgb,var(--duplicate) 16%,transparent)}.s5,.s6{background:color-mix(in srgb,var(--duplicate) 26%,transparent)}.s7,.s8{background:color-mix(in srgb,var(--duplicate) 36%,transparent)}.s9,.s10{background:color-mix(in srgb,var(--duplicate) 46%,transparent)}
        .legend span{display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;margin:0 .4rem 0 1rem;vertical-align:-.05rem}.legend span:first-child{margin-left:0}
        .legend .kept{background:var(--kept)}.legend .rejected{background:var(--rejected)}.legend .other{background:var(--other)}
        .plot{display:block;width:100%;height:auto}
        .plot text{font-size:11px;fill:var(--mute)}.plot .cut{fill:var(--cut);font-weight:600}
        .plot [fill="#202020"]{fill:var(--kept)}.plot [fill="#303030"]{fill:var(--rejected)}.plot [fill="#404040"]{fill:var(--other)}
        .plot [stroke="#101010"]{stroke:var(--mute)}.plot [stroke="#505050"]{stroke:var(--curve)}.plot [fill="#505050"]{fill:var(--curve)}.plot [stroke="#606060"]{stroke:var(--cut)}.plot [fill="#606060"]{fill:var(--cut)}
        .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.75rem}
        figure{margin:0;border:1px solid var(--line);border-radius:.5rem;overflow:hidden;background:var(--bg);min-width:0}
        figure img,.nopicture{display:block;width:100%;aspect-ratio:1;object-fit:contain;background:var(--soft)}
        .nopicture{display:grid;place-items:center;color:var(--mute);font-size:.85rem}
        figcaption{padding:.5rem .6rem .6rem;font-size:.85rem;overflow-wrap:anywhere}
        figcaption p{margin:.3rem 0}
        figcaption summary{color:var(--mute);font-size:.78rem;cursor:pointer}
        .state{font-size:.75rem;font-weight:600}.state.kept{color:var(--kept)}.state.rejected{color:var(--rejected)}.state.duplicate{color:var(--duplicate)}.state.quarantined{color:var(--quarantined)}
        .score{float:right;font-variant-numeric:tabular-nums}
        .tag{color:var(--mute);font-size:.75rem}
        dl{display:grid;grid-template-columns:auto 1fr;gap:.1rem .6rem;margin:.4rem 0 0;font-size:.78rem}dt{color:var(--mute)}dd{margin:0}
        details>summary{cursor:pointer}
        .warn{border-left:.3rem solid var(--quarantined);padding-left:.75rem}
        pre{overflow:auto;max-height:32rem;margin:.5rem 0;padding:.9rem;background:var(--soft);border-radius:.5rem;font-size:.85rem}
        code{font-size:.9em;overflow-wrap:anywhere}
        :focus-visible{outline:2px solid var(--duplicate);outline-offset:2px}
        @media(max-width:30rem){section{padding:1rem .9rem}.cards{grid-template-columns:repeat(2,1fr);gap:.5rem}.meter{display:none}}
        @media print{body{background:#fff}section{break-inside:avoid}}
        """;
}
