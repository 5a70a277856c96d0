/** Tests run against the sources; only the tests of the command line run what was built. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/packages', '<rootDir>/examples'],
  testMatch: ['**/test/**/*.test.ts'],
  transform: {
    '/dashboard/((?:durable-)?main\\.ts|.+\\.(css|html))$': '<rootDir>/.jest/text.mjs',
    '^.+\\.(ts|mjs)$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
    // Published as ES modules only, and tests run as CommonJS.
    '/node_modules/(arktype|arkregex|@ark|@nestjs)/.+\\.js$': ['@swc/jest', { jsc: { target: 'es2022' } }],
  },
  transformIgnorePatterns: ['/node_modules/(?!(arktype|arkregex|@ark|@nestjs)/)'],
  moduleNameMapper: {
    '^(\\..+)\\?text$': '$1',
    '^fast-check$': '<rootDir>/.jest/fast-check.mjs',
    '^@majordomo/([a-z]+)$': '<rootDir>/packages/$1/src/index.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/packages/.*/dist'],
  // Most of a test is waiting for others.
  maxWorkers: '100%',
  testTimeout: 60_000,
  // A test that failed may leave sockets open, and must not keep the run from ending. Leaks are what the testkit's
  // leak check is for: it fails the test that left something behind.
  forceExit: true,
};
