/** @type {import('knip').KnipConfig} */
export default {
  entry: [
    // The package's exports; package.json names their builds.
    'src/{index,pino/index}.ts',
    '{migrations,seeds}/*.ts',
    // Loaded by URL: threads, and the functions of their SQLite connections.
    'src/pino/delivery.ts',
    'src/store/dialects/sqlite/*.js',
    'test/**/*.test.ts',
    'test/helpers/{end-run,keeper,run-files}.ts',
    'test/fixtures/leaves-everything.ts',
    'test/chaos/*.js',
    'bench/targets/*.js',
    'docs/examples/*.ts',
    'web/app/main.tsx',
    // Loaded as a whole, when the query bar gets the focus.
    'web/app/query/assist/index.ts',
    'web/{vite.config.ts,prepare.js}'
  ],
  project: ['{src,plugins,routes,migrations,seeds,bin,test,bench,docs,web}/**/*.{ts,tsx,js}', '!test/clients/*.js'],
  // A type may be exported to name what an exported function returns.
  ignoreExportsUsedInFile: { interface: true, type: true },
  // Started by name: attw by test/program/pack.test.ts, pino by the transport's tests, in processes of their own.
  // `icon:NAME` is an icon of lucide-static (web/vite.config.ts).
  ignoreDependencies: ['@arethetypeswrong/cli', 'pino', 'icon'],
  // Programs of the system, which test/run.sh installs.
  ignoreBinaries: ['findmnt', 'mariadb', 'mariadb-dump', 'openssl', 'rsyslogd', 'script', 'setsid', 'umount', 'unshare']
}
