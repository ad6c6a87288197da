// Holds dashboards against Grafana's published types: the interfaces of the npm package @grafana/schema, made into JSON Schema.
//     npm i --ignore-scripts @grafana/schema typescript ts-json-schema-generator ajv      (beside the repository)
//     node check.mjs FOLDER-OF-NODE_MODULES DASHBOARD.json...
// Prints one line a finding and ends with 1 if there is any. Options and custom fields of a panel are held as partial:
// Grafana fills in what is left out.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

const [packages, ...files] = process.argv.slice(2);
const require = createRequire(join(resolve(packages), 'x.js'));
const { createGenerator } = require('ts-json-schema-generator');
const { Ajv } = require('ajv');

const panels = { timeseries: true, stat: false, bargauge: false, heatmap: true };
const raw = '@grafana/schema/dist/types/raw';
const types = [
    `import type { Dashboard } from '${raw}/dashboard/x/types.gen';`,
    'export type Whole = Dashboard;',
    ...Object.entries(panels).flatMap(([type, hasField]) => [
        `import type * as ${type} from '${raw}/composable/${type}/panelcfg/x/types.gen';`,
        `export type ${type}_options = Partial<${type}.Options>;`,
        ...(hasField ? [`export type ${type}_field = Partial<${type}.FieldConfig>;`] : []),
    ]),
].join('\n');

const work = mkdtempSync(join(tmpdir(), 'grafana-schema-'));
try {
    symlinkSync(resolve(packages), join(work, 'node_modules'));
    writeFileSync(join(work, 'types.ts'), types);
    writeFileSync(join(work, 'tsconfig.json'), JSON.stringify({
        compilerOptions: {
            module: 'esnext', moduleResolution: 'bundler', target: 'es2022', lib: ['es2022', 'dom'], skipLibCheck: true, strict: true, types: [],
            // The package exports only its index; the interfaces of each panel lie beside it.
            paths: { '@grafana/schema/dist/types/*': ['./node_modules/@grafana/schema/dist/types/*'] },
        },
        files: ['types.ts'],
    }));
    const generator = createGenerator({ path: join(work, 'types.ts'), tsconfig: join(work, 'tsconfig.json'), skipTypeCheck: true });
    const ajv = new Ajv({ allErrors: true, strict: false });
    const checks = new Map();
    const check = name => checks.get(name) ?? checks.set(name, ajv.compile(generator.createSchema(name))).get(name);

    let findings = 0;
    const hold = (where, name, value) => {
        const accepts = check(name);
        for (const error of accepts(value) ? [] : accepts.errors) {
            findings++;
            console.log(`${where}${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`);
        }
    };
    for (const file of files) {
        const dashboard = JSON.parse(readFileSync(file, 'utf8'));
        hold(basename(file), 'Whole', dashboard);
        for (const panel of dashboard.panels.filter(p => p.type !== 'row')) {
            const where = `${basename(file)} "${panel.title}"`;
            if (!(panel.type in panels)) {
                findings++;
                console.log(`${where}: panels of type ${panel.type} are not checked here; add their types`);
                continue;
            }

            hold(`${where} options`, `${panel.type}_options`, panel.options ?? {});
            if (panels[panel.type]) {
                hold(`${where} custom field`, `${panel.type}_field`, panel.fieldConfig?.defaults?.custom ?? {});
            }
        }
    }

    console.log(`${files.length} dashboards, ${findings} findings, @grafana/schema ${require('@grafana/schema/package.json').version}`);
    process.exitCode = findings === 0 ? 0 : 1;
} finally {
    rmSync(work, { recursive: true });
}
