import numpy as np, sys
from numpy.lib import format as f
d=sys.argv[1]
a=np.arange(-6,6).reshape(2,3,2)
kw=dict()
for name,dt in dict(u1='u1',i1='i1',b1='?',i2='<i2',u2='>u2',i4='>i4',i8='<i8',f4='<f4',f4big='>f4',f8='<f8').items():
    x=a.astype(dt)
    if name=='f4': x=x+np.float32(0.5)
    np.save(f'{d}/{name}.npy',x)
np.save(f'{d}/fortran.npy',np.asfortranarray(a.astype('<f4')))
with open(f'{d}/v2.npy','wb') as o: f.write_array(o,a.astype('<i4'),version=(2,0))
with open(f'{d}/v3.npy','wb') as o: f.write_array(o,a.astype('<i4'),version=(3,0))
np.save(f'{d}/scalar.npy',np.float32(2.5))
np.savez(f'{d}/plain.npz',x=a.reshape(6,2).astype('f4'),y=np.arange(6)%3)
np.savez_compressed(f'{d}/packed.npz',x=a.reshape(6,2).astype('u1'),y=(np.arange(6)%2).astype('u1'))
