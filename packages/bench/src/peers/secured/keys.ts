/** Key pairs of the benchmark. They are known to everybody who reads this, and protect nothing. */
export const SERVER = {
  publicKey: 'I6375pa@.rroLJ1x%K%L0jsIHF7?Iqg@4xk+GsA%',
  secretKey: 'dX[U#jcqWxf?A(n[3:cE}m%ZIS-yx&f76efogbvl',
};
export const CLIENT = {
  publicKey: ')h0QWK<DcrbxlCT?Bf3}r})5A=JR]AApU!NrS%s-',
  secretKey: '9]dsF@!tx*zJE@A?V.<JeZ]v#cSm#tX5aZcr@&^S',
};
export const WORKER = {
  publicKey: '@9?EYqX@8fZ2zV]tH$=}hi)rVP91pZNQlbE(Pii@',
  secretKey: 't(p6Dq*ou#yJzGldp$PC<zq$ZO=wW{SCm]Djz/*H',
};
